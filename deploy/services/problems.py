"""What is said when a server can't be built, started or stopped."""


class ServiceProblem(Exception):
    """The message is one sentence that says what to do."""
