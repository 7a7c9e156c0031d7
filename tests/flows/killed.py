#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fifty processes connect all the time, through a memory that they share, while one of
them after the other is killed; on some of their paths Fast Open is lost now and then.
What they leave is whole: all others are answered and end when told, the counts agree
with what servers and wire have seen, and new processes find what was learned. A trial
whose process is killed is made again. (killed.py SECONDS: instead of a minute.)"""

import json
import os
import random
import subprocess
import sys
import time

import flow
import numbered
import tfolab
from flow import SERVER4, SERVER6, check

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
PROCESSES = 50
PAUSE_MS = 60       # between the connections of one
EVERY = 0.03        # s, from one death to the next
WAVE = 6            # s: so long Fast Open is lost, and so long it is not
SILENCE = 4         # s: somebody has connected everywhere within that
TRIAL = 10          # s: a trial that has not reported by then is over
MODES = ("blocking", "poll", "edge")
POLICY = "[connect *]\npause = 1s\n"


class Place:
    """A destination, with or without a fault before it."""

    def __init__(self, at, fault=None):
        self.at, self.fault = at, fault
        self.server = numbered.Server()
        self.port = self.server.port
        self.killed = 0

    def switch(self, on):
        if self.fault:
            tfolab.fault(self.fault, f"{'on' if on else 'off'} port={self.port}")

    def longest_silence(self, began, ended):
        times = [began, *sorted(seen.accepted for seen in self.server.seen), ended]
        return max(b - a for a, b in zip(times, times[1:]))

    def tfo(self, env, *words):
        place = f"{numbered.url_host(self.at)}:{self.port}"
        return flow.run([os.environ["TFO"], *words, place], **env)


class Storm:
    """Who lives, and who dies."""

    def __init__(self, places, env):
        self.places, self.env, self.dice = places, env, random.Random(5)
        self.born, self.died, self.wrong = 0, 0, []
        self.alive = [self.birth(i) for i in range(PROCESSES)]

    def birth(self, i):
        place = self.places[i % len(self.places)]
        self.born += 1
        words = numbered.by_peer(MODES[self.born % 3], PAUSE_MS)
        return flow.start(words(place.at, place.port, 10000 * self.born, 0),
                          env=self.env, stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def death(self):
        i = self.dice.randrange(PROCESSES)
        process = self.alive[i]
        process.kill()
        said = process.communicate()[1]
        if process.returncode != -9 or said:
            self.wrong.append(f"status {process.returncode}, {said[-200:]}")
        self.died += 1
        self.places[i % len(self.places)].killed += 1
        self.alive[i] = self.birth(i)

    def rage(self, seconds):
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            on = int((time.monotonic() - began) / WAVE) % 2 == 0
            for place in self.places:
                place.switch(on)
            until = min(time.monotonic() + WAVE, began + seconds)
            while time.monotonic() < until:
                time.sleep(EVERY * self.dice.random() * 2)
                self.death()

    def calm(self):
        """All end when they are told."""
        for process in self.alive:
            process.stdin.close()
            process.stdin = None
        began = time.monotonic()
        for process in self.alive:
            try:
                said = process.communicate(timeout=15)[1]
            except subprocess.TimeoutExpired:
                flow.end(process)
                said = b"hung"
            if process.returncode or said:
                self.wrong.append(f"status {process.returncode}, {said[-200:]}")
        return time.monotonic() - began


# --- what is left -----------------------------------------------------------------------

def counts(places, env):
    """By tfo explain: the outcomes at each place, and of all."""
    each, wrong = [], []
    for place in places:
        done = place.tfo(env, "explain", "--json", "connect")
        try:
            each.append(json.loads(done.out)[0]["memory"]["outcomes"])
        except (ValueError, KeyError, TypeError):
            wrong.append(str(done))
            each.append({})
    check("readable", not wrong, f"{len(each) - len(wrong)} of {len(places)} {wrong[:1]}")
    return each, {word: sum(one.get(word, 0) for one in each) for word in each[0]}


def agree(places, env, wire):
    """With the servers, and with the wire; each death may make a difference of one."""
    each, total = counts(places, env)
    for place, outcomes in zip(places, each):
        counted, seen = sum(outcomes.values()), len(place.server.seen)
        name = f"{place.fault or 'clean'}-ipv{6 if ':' in place.at else 4}"
        check(f"{name}-counted", abs(counted - seen) <= place.killed and seen > 100,
              f"{counted} connections, the server saw {seen}, {place.killed} were killed")
    bounds = {"data_acked": wire["s2c_synack_data_acked"],
              "syn_retransmitted": wire["c2s_syn_again"],
              "opened_early": wire["c2s_syn_cookie"] - wire["c2s_syn_data"],
              "cookie_requested": wire["c2s_syn_cookie_request"]}
    for word, most in bounds.items():
        check(f"{word}-counted", total.get(word, 0) <= most,
              f"{total.get(word, 0)}, the wire saw {most}")
    check("each-was-met", min(total.get(word, 0) for word in
                              ("data_acked", "syn_retransmitted", "plain")) > 20,
          ", ".join(f"{n} {word}" for word, n in total.items()))


def still_rides(places, state, env):
    """For new processes, at once where nothing is paused."""
    for place in places:
        if place.fault:
            place.tfo(env, "reset")
            for _ in range(2):
                numbered.ask(numbered.by_peer("blocking"), place.at, place.port, 1, 1,
                             state)
        for i, mode in enumerate(MODES):
            for _ in range(3):  # the last before it may have been killed, or late
                answers = numbered.ask(numbered.by_peer(mode), place.at, place.port,
                                       100 + i, 1, state)
                payload = flow.syns_to(place.port)[-1]["payload"]
                if payload:
                    break
            name = f"{place.fault or 'clean'}-ipv{6 if ':' in place.at else 4}"
            check(f"{name}-still-rides-{mode}", payload.startswith(b"GET /") and
                  not answers.wrong, f"{len(payload)} bytes {answers.wrong}")


# --- a trial that is killed -------------------------------------------------------------

def killed_in_a_trial(wire):
    """Who tries is killed while his SYN is under way; others are plain, and after a
    while somebody else tries."""
    place, state = Place(SERVER4, "drop-syn-option"), flow.scratch()
    env = {"TFOSHIM_POLICY": flow.policy(POLICY)}

    def ask():
        return numbered.ask(numbered.by_peer("blocking"), place.at, place.port,
                            next(numbers), 1, state, **env)

    def tries(since):
        return [syn["time"] for syn in numbered.connections(wire.to(place.port))
                if syn["time"] > since and numbered.has_option(syn)]

    numbers = iter(range(1, 10000))
    place.switch(True)
    wrong = [ask().wrong for _ in range(2)]
    since = time.monotonic()
    while not tries(since) and time.monotonic() < since + 10:
        words = numbered.by_peer("poll")(place.at, place.port, next(numbers), 1)
        process = flow.start(words, env=flow.environment(state, **env),
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(0.3)
        process.kill()
        process.wait()
    killed = time.monotonic()
    place.switch(False)
    while len(tries(since)) < 2 and time.monotonic() < killed + 2 * TRIAL:
        wrong.append(ask().wrong)
        time.sleep(0.1)
    times = tries(since)
    check("a-killed-trial-is-made-again", len(times) == 2 and
          times[1] - times[0] <= TRIAL + 1,
          f"{', '.join(f'{b - a:.1f}' for a, b in zip(times, times[1:]))} s after it, "
          f"at most {TRIAL + 1}")
    for _ in range(3):
        wrong.append(ask().wrong)
    last = flow.syns_to(place.port)[-1]["payload"]
    check("then-all-is-well", last.startswith(b"GET /") and not any(wrong),
          f"{len(last)} bytes in the SYN {[text for text in wrong if text][:1]}")


def story():
    numbered.cookies(SERVER4, SERVER6)
    wire, state = numbered.Wire(), flow.scratch()
    killed_in_a_trial(wire)
    more = {"TFOSHIM_POLICY": flow.policy(POLICY)}
    env = dict(more, TFOSHIM_STATE=state)
    places = [Place(SERVER4), Place(SERVER6), Place(SERVER4, "drop-syn-data"),
              Place(SERVER6, "drop-syn-option")]
    tfolab.reset()
    began = time.monotonic()
    storm = Storm(places, flow.environment(state, **more))
    storm.rage(SECONDS)
    took = storm.calm()
    ended = time.monotonic()
    tfolab.clear()
    check("others-are-answered", not storm.wrong and storm.died > 10 * SECONDS,
          f"{storm.died} of {storm.born} were killed in {SECONDS:.0f} s; "
          f"the others ended in {took:.1f} s {storm.wrong[:2]}")
    silence = max(place.longest_silence(began, ended) for place in places)
    check("no-hang", silence < SILENCE, f"{silence:.2f} s without a connection somewhere")
    time.sleep(1)
    agree(places, env, tfolab.counters())
    still_rides(places, state, env)


if __name__ == "__main__":
    flow.main(story, delay=40, limit=int(SECONDS) + 90)
