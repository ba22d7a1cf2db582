"""Cuts a failing history down to the steps that it needs."""


def shrink(steps, failure):
    """`failure(steps)` gives (error, steps up to the error), or None. Gives the shortest found and its error."""
    found = failure(steps)
    if found is None:
        return steps, "not seen again: it depends on which items and runs were asked about"
    error, steps = found
    size = max(len(steps) // 2, 1)
    while True:
        start = 0
        while start < len(steps):
            found = failure(steps[:start] + steps[start + size:])
            if found is None:
                start += size
            else:
                error, steps = found
        if size == 1:
            return steps, error
        size //= 2
