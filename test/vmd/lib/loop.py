"""One thread's events: descriptors by epoll, timers by a heap."""

import heapq
import itertools
import select
import time


class Loop:
    def __init__(self):
        self._poll = select.epoll()
        self._readers = {}
        self._timers = []
        self._count = itertools.count()
        self._over = False

    def watch(self, descriptor, call, edge=False):
        """Calls `call` whenever the descriptor has something to read; with `edge`, whenever something new came."""
        self._readers[descriptor] = call
        self._poll.register(descriptor, select.EPOLLIN | (select.EPOLLET if edge else 0))

    def want_write(self, descriptor, wants):
        """Calls the same function also when the descriptor can be written."""
        self._poll.modify(descriptor, select.EPOLLIN | (select.EPOLLOUT if wants else 0))

    def forget(self, descriptor):
        if self._readers.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def after(self, seconds, call):
        """Calls once, later; gives a function that takes it back."""
        entry = [time.monotonic() + seconds, next(self._count), call]
        heapq.heappush(self._timers, entry)

        def cancel():
            entry[2] = None

        return cancel

    def stop(self):
        self._over = True

    def run(self):
        while not self._over:
            now = time.monotonic()
            while self._timers and self._timers[0][0] <= now:
                call = heapq.heappop(self._timers)[2]
                if call is not None:
                    call()
            if self._over:
                return
            wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else -1
            for descriptor, events in self._poll.poll(wait):
                call = self._readers.get(descriptor)
                if call is not None:
                    call(events)
