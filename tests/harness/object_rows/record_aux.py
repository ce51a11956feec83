#!/usr/bin/env python3
"""Records the auxiliary-output store of an installed vLLM: random steps through its scheduler's and its worker's connector, run on the CPU.

    python tests/harness/object_rows/record_aux.py OUT --version 0.32.0 --cases 300 --seed 1

One JSON object a line; the README beside it says what its keys mean. A row is one number, content x 1000 + position.
"""
import argparse
import json
import os
import random
import threading
from types import SimpleNamespace as Fake

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
import numpy as np
import torch
from vllm.distributed.aux_output_connector import connector, routed_experts, store, worker


def key(content_keys):
    return int(content_keys).to_bytes(8, "big")


class Capturer:
    def snapshot_routing_data(self, rows):
        return torch.tensor(self.rows[:rows], dtype=torch.int32).reshape(rows, 1, 1)


def make_worker(case):
    made = object.__new__(worker.AuxOutputWorkerConnector)
    block = case["block"]
    made._capturer, made._requests, made._generation, made._step_metadata = Capturer(), {}, 0, None
    made._pending_outputs, made._lock, made._max_concurrent_batches = [], threading.Lock(), case["in_flight"]
    made._store = store.BackgroundBlockObjectStore(
        store.BlockObjectStore(max_bytes=case["objects"] * block * 4, object_nbytes=block * 4), max_pending_batches=64)
    made._buffer = routed_experts.RoutedExpertsBuffer(
        np.dtype("int32"), (1, 1), block, case["requests"], case["batched"], case["in_flight"])
    return made


class Driver:
    """Requests over contents; which blocks are hit is drawn, among those whose rows were put out."""

    def __init__(self, rng, case):
        self.rng, self.case, self.ops = rng, case, case["ops"]
        self.scheduler, self.worker = connector.AuxOutputSchedulerConnector(), make_worker(case)
        self.requests, self.next_id, self.flights = {}, 0, []
        self.free_ids = list(range(case["requests"]))

    def token(self, request, position):
        return (request.content if position < request.shared else request.own) * 1000 + position

    def hashes(self, request):
        block = self.case["block"]
        whole = request.num_tokens // block
        return [key((request.content if (i + 1) * block <= request.shared else request.own) * 1000 + i) for i in range(whole)]

    def arrive(self):
        if not self.free_ids:
            return
        rng, place = self.rng, self.free_ids.pop(0)
        prompt = rng.randint(1, 14)
        request = Fake(request_id=str(place), place=place, content=rng.randint(1, 3), own=100 + self.next_id, shared=rng.choice([0, prompt, rng.randint(0, prompt)]),
                       num_prompt_tokens=prompt, num_tokens=prompt, num_output_tokens=0, outputs=rng.randint(1, 6), computed=0, flying=0,
                       sampling_params=Fake(routed_experts_prompt_start=rng.choice([0, 0, rng.randint(0, prompt)])),
                       is_finished=lambda: False, block_hashes=[])
        self.next_id += 1
        self.requests[request.request_id] = request
        request.block_hashes = self.hashes(request)
        self.ops.append(["arrive", place, prompt, request.sampling_params.routed_experts_prompt_start])
        self.known(request, [])
        self.hit(request)

    def known(self, request, before):
        new = request.block_hashes[len(before):]
        self.ops.append(["known", request.place, request.num_tokens, [int.from_bytes(h, "big") for h in new]])

    def hit(self, request):
        """The blocks from the front that the store has by now, or (seldom) one that it may not have."""
        block, hit = self.case["block"], 0
        held = self.worker._store._store._lru
        self.worker._store._queue.join()
        keys = routed_experts.routed_experts_keys(request.block_hashes, str(self.scheduler._generation))
        while hit + block < request.num_tokens and hit // block < len(keys) and (keys[hit // block] in held or self.rng.random() < 0.02):
            hit += block
        request.computed = hit

    def step(self):
        rng, parts = self.rng, []
        for request in self.requests.values():
            left = request.num_tokens + request.flying - request.computed
            if left <= 0 or request.num_output_tokens + request.flying >= request.outputs or rng.random() < 0.2:
                continue
            tokens = min(left, rng.randint(1, 9))
            drafts = rng.randint(0, 2) if tokens == left and request.num_output_tokens > 0 and self.case["in_flight"] == 1 else 0
            if sum(p[2] for p in parts) + tokens + drafts > self.case["batched"]:
                continue
            parts.append((request, request.computed, tokens + drafts, rng.randint(0, drafts), tokens == left))
        self.ops.append(["begin", [p[0].place for p in parts]])
        out = Fake(num_scheduled_tokens={p[0].request_id: p[2] for p in parts})
        self.worker.begin_step(self.scheduler.build_connector_meta(out, self.requests))
        self.worker._store._queue.join()
        self.worker._store._raise_if_failed()
        if not parts:
            return
        rows = [self.token(p[0], position) for p in parts for position in range(p[1], p[1] + p[2])]
        self.worker._capturer.rows = rows
        starts = np.cumsum([0] + [p[2] for p in parts])
        batch = Fake(req_ids=[p[0].request_id for p in parts], query_start_loc_np=starts, num_computed_tokens_np=np.array([p[1] for p in parts]))
        self.ops.append(["save", [[p[0].place, p[1], p[2], p[3], int(p[4])] for p in parts], rows])
        pending = self.worker.prepare_output(batch)
        pending.enqueue_cpu_copy(np.array([int(p[4]) for p in parts]), np.array([p[3] for p in parts]))
        self.flights.append((pending, [(p[0], p[1] + p[2] - p[3], p[4]) for p in parts]))
        for request, first, tokens, rejected, sampled in parts:
            request.computed = first + tokens - rejected
            if sampled:
                request.flying += request.computed + 1 - request.num_tokens - request.flying

    def settle(self):
        pending, parts = self.flights.pop(0)
        self.ops.append(["settle"])
        outputs = self.worker.process_output(pending)
        self.worker._store._queue.join()
        self.worker._store._raise_if_failed()
        self.ops[-1].append([[int(r), int(o.token_start), o.rows[:, 0, 0].tolist()] for r, o in outputs.items()])
        for request, end, sampled in parts:
            if self.requests.get(request.request_id) is not request or request.epoch_left or not sampled:
                continue
            before, came_out = request.block_hashes, end + 1 - request.num_tokens
            request.num_tokens, request.flying = end + 1, request.flying - came_out
            request.num_output_tokens = request.num_tokens - request.num_prompt_tokens
            request.block_hashes = self.hashes(request)
            self.known(request, before)
            if request.num_output_tokens >= request.outputs:
                self.leave(request, True)

    def leave(self, request, for_good):
        self.ops.append(["leave", request.place])
        self.scheduler.request_finished(request)
        if for_good:
            del self.requests[request.request_id]
            self.freed.append(request.place)
        else:
            request.computed, request.flying = 0, 0

    def run(self):
        rng = self.rng
        for _ in range(rng.randint(10, 60)):
            self.freed = []
            for request in self.requests.values():
                request.epoch_left = False
            act = rng.random()
            if act < 0.25:
                self.arrive()
            elif act < 0.32 and self.requests and not self.flights:
                request = rng.choice(list(self.requests.values()))
                again = rng.random() < 0.7
                self.leave(request, not again)
                if again:
                    self.step_without(request)
            elif act < 0.34 and not self.requests and not self.flights:
                self.ops.append(["reset"])
                self.scheduler.reset()
            else:
                for request in self.requests.values():
                    request.epoch_left = False
                self.step()
                if len(self.flights) >= self.case["in_flight"]:
                    self.settle()
            while self.freed and not self.flights:
                self.step_without(None)
                self.free_ids.append(self.freed.pop(0))

    def step_without(self, request):
        """A step of nobody, so that what left is told; who comes back does so in a later one."""
        self.ops.append(["begin", []])
        self.worker.begin_step(self.scheduler.build_connector_meta(Fake(num_scheduled_tokens={}), {**self.requests}))
        self.worker._store._queue.join()
        self.worker._store._raise_if_failed()
        if request is not None:
            self.hit(request)


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("out")
    ask.add_argument("--version", default="0.32.0")
    ask.add_argument("--cases", type=int, default=300)
    ask.add_argument("--seed", type=int, default=1)
    args = ask.parse_args()
    rng = random.Random(args.seed)
    raised = 0
    with open(args.out, "w") as out:
        for number in range(args.cases):
            case = dict(version=args.version, id=f"a{number:04d}", block=rng.randint(1, 4), objects=rng.choice([2, 4, 8, 100]), requests=rng.randint(2, 6),
                        batched=rng.randint(12, 24), in_flight=rng.choice([1, 1, 2]), ops=[], raised=None)
            driver = Driver(rng, case)
            try:
                driver.run()
            except (AssertionError, store.BlockObjectStoreError) as error:
                case["raised"] = type(error).__name__
                raised += 1
            out.write(json.dumps(case, separators=(",", ":")) + "\n")
    print(args.cases, "cases,", raised, "raised")


main()
