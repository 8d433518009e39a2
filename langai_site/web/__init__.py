"""Everything between the network and the apps: connections, bodies, middleware, sockets."""
