"""Profiles with options, and choices that cannot be built."""

import pytest

from rtl.config import BASE_EXTENSIONS, BENCH, BIT_MANIPULATION, SAFE, ConfigError, CoreConfig, profile


def test_options_are_added_to_a_profile():
    found = profile("safe+zb")
    assert found.core.extensions == BASE_EXTENSIONS + BIT_MANIPULATION
    assert (found.name, found.map()) == ("safe+zb", SAFE.map())
    assert profile("bench") == BENCH
    assert profile("safe+zb+zb").core == found.core


@pytest.mark.parametrize(
    "name, message",
    [("sofa", 'no profile "sofa"; there are: safe'), ("safe+zz", 'no option "zz"'), ("zb", "no profile"), ("", "no")],
)
def test_what_there_is_not(name, message):
    with pytest.raises(ConfigError, match=message):
        profile(name)


@pytest.mark.parametrize(
    "extensions, message", [((*BASE_EXTENSIONS, "Zbz"), 'extension "Zbz"'), (BASE_EXTENSIONS[1:], "without I")]
)
def test_extensions_that_cannot_be_built(extensions, message):
    with pytest.raises(ConfigError, match=message):
        CoreConfig(extensions=extensions)
