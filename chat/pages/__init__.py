"""What a person sees of conversations: pages, fragments, sockets, and how they are drawn."""
