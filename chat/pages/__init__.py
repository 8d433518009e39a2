"""What people see of conversations: pages, fragments, sockets, and how these are drawn."""
