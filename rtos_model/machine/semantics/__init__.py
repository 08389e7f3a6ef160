"""What each operation of the instruction table means, as pure functions of values (`rtos_model.machine.value`)."""
