.include "../with_room.inc"
