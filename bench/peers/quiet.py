# SPDX-License-Identifier: GPL-3.0-or-later
"""quiet.py - starts the program anew with one thread and with memory that malloc keeps

PyTorch allocates its activations in every step. glibc gives blocks of that size back to the system, and the page faults of getting
them again can take longer than the arithmetic, on virtual machines most of all. The peers are measured without that."""
import os
import sys

WANTED = {"OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "16000000000",
          "MALLOC_TOP_PAD_": "100000000"}
if any(os.environ.get(key) != value for key, value in WANTED.items()):
    os.environ.update(WANTED)
    os.execv(sys.executable, [sys.executable] + sys.argv)
