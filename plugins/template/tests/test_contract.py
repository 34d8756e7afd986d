"""The detrender keeps the contract of its kind, as specframe's conformance suite checks it."""

from specframe.registry import Registry
from specframe.testing import check_component

NAME = "out-of-transit/out-of-transit"


def test_it_keeps_the_contract() -> None:
    check_component(Registry.discover().resolve("detrender", NAME)).raise_on_failure()
