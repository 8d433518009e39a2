"""Pure: where an act came from, and who acts. The trail of a request carries it into every thread."""

from dataclasses import dataclass

PAGE, ADMIN, API, SERVER = "page", "admin", "api", "server"


@dataclass
class Origin:
    """The door that a request came through and its visitor's address; the person is filled in once they are known."""

    door: str = SERVER
    address: str = ""
    user_id: int | None = None
    username: str = ""
