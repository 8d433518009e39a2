"""Pure: the names of the channel groups of people."""


def group_of(user_id: int) -> str:
    """Return the channel group of a person's sockets."""
    return f"person.{user_id}"
