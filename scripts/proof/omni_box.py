"""What a peer believes beyond the box (low, high) of a uniform prior."""


def is_inside(theta, box):
    """[..., cells] -> [...]"""
    return ((theta >= box[0]) & (theta <= box[1])).all(-1)


def log_share_inside(theta, box):
    """Of samples [S, B, cells]: [B], to be taken from a log p so that what leaks out is put back inside."""
    return is_inside(theta, box).float().mean(0).clamp_min(1 / len(theta)).log()
