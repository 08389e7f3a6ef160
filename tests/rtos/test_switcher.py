from tests.rtos.handmade import DISABLED, ENABLED, HandMade, Thread, Unit
