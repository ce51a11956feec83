#include "model/known_bugs.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr std::array bugs{
    KnownBug{"B01", "vllm#37118, #40692",
             "a buffer of captured rows has blocks / groups x smallest block rows, and slots run over the whole pool"},
    KnownBug{"B02", "vllm#35744", "captured rows are addressed through group 0, whose blocks are those of Mamba states"},
    KnownBug{"B03", "tpu-inference#3583, vllm-ascend#8231", "rows are written by the slots of one group and read by those of another"},
    KnownBug{"B04", "vllm#37857, #37879", "a router is given its own rank's rows where those of all ranks joined are expected"},
    KnownBug{"B05", "vllm#43737", "ranks are padded to the largest before they are joined, and rows are cut as if they were not"},
    KnownBug{"B06", "vllm-ascend#15451", "a tensor parallel share of the tokens is taken for the whole batch"},
    KnownBug{"B07", "vllm#35623", "the last pipeline stage overwrites the rows of the stages before it"},
    KnownBug{"B08", "vllm#33013, vllm-ascend#13882", "ids of physical replicas are captured where logical experts are wanted"},
    KnownBug{"B09", "sglang#26123", "a buffer for steps is sized by one rank's running requests, and ranks write behind each other"},
    KnownBug{"B10", "sglang#26860", "a buffer for steps does not hold a prefill that is not cut into chunks"},
    KnownBug{"B11", "sglang#30712, #31100", "a rank's rows are looked for at multiples of another runner's batch size"},
    KnownBug{"B12", "vllm#39568, llm-d-router#1473, router#184",
             "tokens whose cache was loaded have the rows of whoever had the slots before"},
    KnownBug{"B13", "vllm#49184, #51831", "a kernel that routes inside calls nobody back, and rows of zeros are handed out"},
    KnownBug{"B14", "flashinfer#4894, #5009", "the stride of routed and shared experts together is used on a buffer of routed ones"},
    KnownBug{"B15", "verl#5037", "layers are counted with those that have no router on one side and without them on the other"},
    KnownBug{"B16", "prime-rl#3051, #2487, NeMo-RL#3113", "ids of experts are stored in a byte that does not hold them"},
    KnownBug{"B17", "vllm#39568, vllm-ascend#10717", "two steps in flight share one staging buffer"},
    KnownBug{"B18", "vllm#38079", "rows are copied under a lock inside the scheduler's loop, and throughput falls to nothing"},
    KnownBug{"B19", "vllm#40691, #40694, #40384", "reported tokens are divided by groups that do not grow"},
    KnownBug{"B20", "vllm#51163, #51041, vllm-ascend#14479",
             "the smallest block of all groups is published as the block size, and capacity is taken from it"},
    KnownBug{"B21", "vllm#34076, #34080, #32105, #33698", "the layers of the whole model are checked against one pipeline stage's memory"},
    KnownBug{"B22", "vllm#39734, #40946, #39866, vllm-ascend#9543",
             "the gate at run time charges a window the whole sequence, and a request waits for ever"},
    KnownBug{"B23", "vllm#55800", "a drafter's window is charged the whole sequence, at admission and after"},
    KnownBug{"B24", "vllm#57104", "blocks for drafted tokens are not reserved before a load, and two requests wait for each other"},
    KnownBug{"B25", "hf-mem#70", "windows are priced as windows where the engine stores them as full layers"},
    KnownBug{"B26", "aiconfigurator#1201", "the bytes of the first token are taken for a rate of all layers"},
    KnownBug{"B27", "TensorRT-LLM#5371", "tokens are priced with all layers of a hybrid, and its states are not priced"},
    KnownBug{"B28", "llama.cpp#19559", "the number of parallel sequences is applied twice"},
    KnownBug{"B29", "vllm#40388, #55196", "pages with their scales do not divide each other, and every second byte is padding"},
    KnownBug{"B30", "vllm#56871, #56953", "each key of the host's tier takes a row that is wide enough for all groups"},
    KnownBug{"B31", "vllm#50443, #39850, #42348", "the layers of a group are counted twice in the bytes of a host block"},
    KnownBug{"B32", "sglang#36889", "admission and allocation count the states of a request differently"},
    KnownBug{"B33", "vllm#30772", "the encoder's budget of a batch is taken for the length of one request"},
    KnownBug{"B34", "TensorRT-LLM#19514", "the pool of encoder blocks is sized by the longest prompt"},
    KnownBug{"B35", "vllm#55733, #51228", "an encoder input is freed again at every step, and the budget grows"},
    KnownBug{"B36", "sglang#17630", "a drafter's pool keeps the size that the target's had before it grew"},
    KnownBug{"B37", "vllm#40128, #39031", "a page that does not divide the largest, where only blocks are scaled"},
    KnownBug{"B38", "vllm#43626, #45207", "a state's page does not grow with its block and would have to be padded"},
    KnownBug{"B39", "vllm#51752, #54710, #23883", "ranks group or align their layers by what they themselves hold"},
    KnownBug{"B40", "vllm#43810, #43869", "PAD is taken for an index, and padding overwrites the last slot"},
    KnownBug{"B41", "vllm#53982, #54296", "a position beyond a row of a block table reads the next row"},
    KnownBug{"B42", "tt-metal#45184", "a position of the sequence indexes a table that holds a window, padded with zeros"},
    KnownBug{"B43", "vllm#51031", "context parallel ranks deal out kernel blocks where blocks are meant"},
    KnownBug{"B44", "dynamo#13653, #13904, #9376, tpu-inference#3129", "engine, events and router differ in the size of a block"},
    KnownBug{"B45", "TGI#2711", "slots of drafted tokens are taken to follow the last one"},
    KnownBug{"B46", "LMCache#2984", "block 0 is taken for the null block in a pool that has none"},
    KnownBug{"B47", "vllm#50483, #50427, vllm-xpu-kernels#445", "an offset into the cache is computed in 32 bits"},
    KnownBug{"B48", "vllm#33937", "the null block is handed to a kernel as a state"},
    KnownBug{"B49", "vllm#34587", "a state is kept where a chunk ends and believed to be the block's"},
    KnownBug{"B50", "vllm#47491, #45238, #43090", "one hit is believed for groups that have different ones"},
    KnownBug{"B51", "vllm#17398, #44082, #33270, #51771",
             "the last block of a hit is dropped after its window was tested, or in each group again"},
    KnownBug{"B52", "TensorRT-LLM#2983", "reuse is tested with the largest window where a smaller one has wrapped"},
    KnownBug{"B53", "sglang#27586, #27789, #36135",
             "a second map is read after it was replaced: a live page is freed and the old one lost"},
    KnownBug{"B54", "TensorRT-LLM#12834, #11879", "a block that changed its tier is counted in the other"},
    KnownBug{"B55", "vllm#42959, #42761", "a block waits to be stored, is freed by its window, and another's content is stored"},
    KnownBug{"B56", "vllm#49620, #41190, #50297", "the late output of a preempted step is applied to the request that was reset"},
    KnownBug{"B57", "vllm#25906, #21963", "ranks choose sizes and graphs by their own counts, and wait for each other"},
    KnownBug{"B58", "vllm#42895, #50558, vllm-ascend#12781", "lists of blocks of two sides with different blocks are joined by position"},
    KnownBug{"R01", "vLLM 0.18.0, 0.32.0", "windows only: 0.18.0 reports the slots, 0.32.0 concurrency x length, and both are too small"},
    KnownBug{"R02", "vLLM 0.18.0", "the check of a plan looks at group 0, and no request of the longest length fits"},
    KnownBug{"R03", "vLLM 0.18.0", "rows are captured through a window's blocks, most of which are null when they are read"},
    KnownBug{"R04", "vLLM 0.18.0, 0.32.0", "chunked attention alone: a fresh request hits tokens that nobody computed"},
    KnownBug{"R05", "vLLM 0.18.0", "of two full groups only the first is cut to the hit that was agreed"},
    KnownBug{"R06", "vLLM 0.18.0", "sink blocks count as used, and the prefix cache is never reset"},
    KnownBug{"R07", "vLLM 0.18.0", "states in mode align: fewer drafts than in the step before raise an AssertionError"},
    KnownBug{"R08", "vLLM 0.32.0",
             "a state's boundary is marked as cached again at every step, and a request with the same prompt is refused"},
    KnownBug{"R09", "vLLM 0.18.0, 0.32.0", "a moved row of the block table leaves ids behind; a position past a row reads the next"},
    KnownBug{"R10", "vLLM 0.32.0", "the second micro-batch overwrites the rows of the first"},
    KnownBug{"R11", "vLLM 0.18.0", "the check does not look at a block count that was set by hand"},
    KnownBug{"R12", "vLLM 0.18.0, 0.32.0", "layers with and without a sink merge into the first one's kind, and the sink is lost"},
    KnownBug{"R13", "vLLM 0.18.0, 0.32.0", "a model of encoder layers alone ends in an error that does not say so"},
    KnownBug{"R14", "vLLM 0.18.0", "one column fills all, and a negative layer counts from the end"},
    KnownBug{"R15", "vLLM 0.18.0, 0.32.0", "every request is charged the prefill peak of its windows, though a step's budget is shared"}};

}  // namespace

std::span<const KnownBug> known_bugs() { return bugs; }

const KnownBug* known_bug(std::string_view id) {
    const auto found = std::ranges::find(bugs, id, &KnownBug::id);
    return found == bugs.end() ? nullptr : &*found;
}

}  // namespace kv
