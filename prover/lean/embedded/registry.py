"""Where packages of the npm registry are fetched from, as the user's npm configuration says.

Honoured, strongest first: the environment (`NPM_CONFIG_REGISTRY`, `npm_config_registry`), then
`~/.npmrc` (or the file named by `NPM_CONFIG_USERCONFIG`), then `/etc/npmrc`. Proxies come from the
usual environment variables, or from `proxy` and `https-proxy` in an npmrc; extra certificates from
`cafile` in an npmrc and from `NODE_EXTRA_CA_CERTS`, on top of the system's own. Node and npm need
not be installed.
"""

from __future__ import annotations

import os
import ssl
import urllib.request
from pathlib import Path

DEFAULT_REGISTRY = "https://registry.npmjs.org"


def _npmrc_files() -> list[Path]:
    user = _environment_setting("userconfig")
    return [Path(user) if user else Path.home() / ".npmrc", Path("/etc/npmrc")]


def _environment_setting(name: str) -> str | None:
    """npm reads its settings from the environment in capital and in small letters."""
    variable = "npm_config_" + name.replace("-", "_")
    return os.environ.get(variable.upper()) or os.environ.get(variable)


def npm_setting(name: str) -> str | None:
    """The value of npm's setting `name` (such as `registry`), or None where nothing sets it."""
    if value := _environment_setting(name):
        return value
    for path in _npmrc_files():
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue  # most users have none, and an unreadable one is not ours to mend
        for line in lines:
            key, separator, value = line.partition("=")
            if separator and key.strip() == name:
                return os.path.expandvars(value.strip().strip("\"'")) or None
    return None


def tarball_url(package: str, version: str) -> str:
    """The address of a package's tarball in the configured registry."""
    registry = (npm_setting("registry") or DEFAULT_REGISTRY).rstrip("/")
    return f"{registry}/{package}/-/{package.rsplit('/', 1)[-1]}-{version}.tgz"


def opener() -> urllib.request.OpenerDirector:
    """A URL opener with the user's proxies and certificate authorities."""
    context = ssl.create_default_context()
    for extra in (npm_setting("cafile"), os.environ.get("NODE_EXTRA_CA_CERTS")):
        if extra and Path(extra).is_file():
            context.load_verify_locations(cafile=extra)
    proxies = urllib.request.getproxies()
    for scheme, setting in (("https", "https-proxy"), ("http", "proxy")):
        configured = npm_setting(setting)
        if configured and configured != "null":
            proxies.setdefault(scheme, configured)
    return urllib.request.build_opener(
        urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=context)
    )
