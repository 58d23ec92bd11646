"""Empty figures to draw on; matplotlib is an extra."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from prover.errors import BadInput

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def can_draw() -> bool:
    """Whether matplotlib is installed; does not import it."""
    return importlib.util.find_spec("matplotlib") is not None


def new_figure(width: float = 7.0, height: float = 4.0) -> Figure:
    """An empty figure, in inches, that needs no screen.

    Raises:
        BadInput: matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BadInput("plots need matplotlib: pip install 'neural-prover[plots]'") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
