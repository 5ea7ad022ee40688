"""A program that is told for how many milliseconds to measure, by a line each, and answers with nanoseconds per frame: ShapeBench, least.c.

The former also says how many frames have been lost so far.
"""

import subprocess
import sys


class Blocks:
    def __init__(self, command):
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lost = 0

    def measure(self, millis):
        """Nanoseconds per frame."""
        print(millis, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{' '.join(self.command)} ended (status {self.process.wait()}); what it said is above")
        nanos, *lost = answer.split()
        self.lost = int(lost[0]) if lost else 0
        return float(nanos)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
