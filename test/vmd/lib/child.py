"""A process of a VM: it dies with vmd, however vmd goes, and its end is told."""

import os
import signal
import subprocess


class Child:
    def __init__(self, loop, words, descriptors, log, on_exit):
        self._loop = loop
        self._on_exit = on_exit
        # setpriv becomes the program itself, with the same number.
        wrapped = ['setpriv', '--pdeathsig', 'KILL', '--', *words]
        with open(log, 'ab') as file:
            self._process = subprocess.Popen(
                wrapped, stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=descriptors, start_new_session=True
            )
        self.pid = self._process.pid
        self._end = os.pidfd_open(self.pid)
        loop.watch(self._end, self._ended)

    def _ended(self, _):
        self._loop.forget(self._end)
        os.close(self._end)
        self._end = -1
        self._on_exit(self._process.wait())

    def kill(self):
        if self._end >= 0:
            signal.pidfd_send_signal(self._end, signal.SIGKILL)

    def end_now(self):
        """Kills it and waits, without telling."""
        if self._end >= 0:
            self._loop.forget(self._end)
            self._process.kill()
            self._process.wait()
            os.close(self._end)
            self._end = -1

    def resident(self):
        """Bytes of memory in use."""
        try:
            with open('/proc/%d/statm' % self.pid) as file:
                return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
        except (OSError, IndexError):
            return 0
