"""Text that came out of the cage, made fit to be stored and shown."""


def clean(text: str, most: int) -> str:
    """On one line, printable, at most `most` characters: nothing that a database or a log chokes on."""
    short = text[: most + 1]
    shown = "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in short)
    return shown if len(shown) <= most else shown[: most - 1] + "…"
