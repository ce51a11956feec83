#include "harness/run_watch.h"

namespace kv {

void RunWatch::see(const RequestStops& event) {
    RankTally& tally = of(event.rank);
    switch (event.why) {
        case FreedWhy::finished:
            ++tally.finished;
            break;
        case FreedWhy::aborted:
            ++tally.aborted;
            break;
        case FreedWhy::preempted:
            ++tally.preempted;
            break;
        case FreedWhy::load_failed:
            break;
    }
    EventDigest::see(event);
}

// A batch looks each of its requests up among all of them.
void RunWatch::see(const StepScheduled& event) {
    constexpr std::int64_t step_work = 500, part_work = 500;
    RankTally& tally = of(event.rank);
    const std::int64_t parts = std::ssize(event.scheduled);
    for (const ScheduledPart& part : event.scheduled) tally.tokens += part.tokens;
    tally.running = event.running;
    tally.waiting = event.waiting;
    work_ += step_work + parts * part_work + parts * parts;
    EventDigest::see(event);
}

}  // namespace kv
