"""The CHERIoT core: a four-stage, in-order pipeline (decode, execute, memory, write-back) behind a prefetcher."""
