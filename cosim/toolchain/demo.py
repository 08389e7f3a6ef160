"""The demo firmware, assembled for a system."""

from cosim.toolchain.image import Image
from cosim.toolchain.program import FIRMWARE, build_program
from rtl.config import SocConfig
from rtos_model.services.wire import DATA_BYTES, Service, Word


def event_constants() -> dict[str, int]:
    """What firmware needs to report service calls: EVENT_ offsets and SERVICE_ numbers."""
    found = {f"EVENT_{word.name}": int(word) for word in Word}
    found["EVENT_DATA_BYTES"] = DATA_BYTES
    return {**found, **{f"SERVICE_{service.name}": int(service) for service in Service}}


def demo_image(config: SocConfig) -> Image:
    """The message-queue demo."""
    sources = [*sorted((FIRMWARE / "demo").glob("*.S")), *sorted((FIRMWARE / "queue").glob("*.S"))]
    return build_program(sources, config, constants=event_constants())
