#!/usr/bin/env bash
# tools/gpu_test.sh            on a machine with a GPU: builds the kernels, runs all their checks on host and device, runs the checks under
#                              compute-sanitizer's four tools, measures, and writes one JSON result, bench/results/NAME-OF-THE-DEVICE.json
# tools/gpu_test.sh --host     the half of it that needs no GPU and no nvcc; the result goes to build/gpu_test/host.json
# --output FILE      the result goes there
# --cases N          random steps on host and device (10000)
# --program FILE     a kvproof that is built already; else it is built, by cmake where its packages are, by the compilers alone elsewhere
# --bare             by the compilers alone
# --work DIR         what is built and logged goes there (build/gpu_test/gpu or host)
# A wheel nvidia_cuda_sanitizer_api-*.whl beside this script stands in where the toolkit has no compute-sanitizer.
# Exit status: 0 all is right, 1 something is not, 2 it could not be built or run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
began=$SECONDS
half=gpu cases=10000 output='' program='' bare=no work=''

say() { printf 'gpu_test: %s\n' "$*" >&2; }
stop() {
    say "error: $*"
    exit 2
}

while (($# > 0)); do
    case $1 in
    --host) half=host ;;
    --bare) bare=yes ;;
    --output | --cases | --program | --work)
        if (($# < 2)); then stop "$1 needs a value"; fi
        declare "${1#--}=$2"
        shift
        ;;
    -h | --help) sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) stop "unexpected $1; --help lists the options" ;;
    esac
    shift
done
[[ $cases =~ ^[1-9][0-9]{0,7}$ ]] || stop "--cases $cases: expected a number from 1 on"

work=${work:-$root/build/gpu_test/$half}
mkdir -p "$work"
work=$(cd "$work" && pwd)
rm -f "$work"/*.json

# The text between double quotes, as JSON spells it; control characters become spaces.
json_text() { printf '"%s"' "$(printf '%s' "$1" | tr '\000-\037\177-\377' ' ' | sed 's/\\/\\\\/g; s/"/\\"/g')"; }

find_nvcc() {
    local candidate
    for candidate in "${CUDACXX:-}" "$(command -v nvcc || true)" /usr/local/cuda/bin/nvcc; do
        if [[ -n $candidate && -x $candidate ]]; then
            echo "$candidate"
            return
        fi
    done
}

# Objects of the files named, by the compilers alone: only those that a machine with nothing else can build.
compile() {
    local source=$1 object=$work/objects/${1//\//_}.o
    case $source in
    *.cu) "$nvcc" -std=c++20 -O3 -I"$root" "-arch=$arch" --expt-relaxed-constexpr --fmad=false -Xcompiler=-Wall -c "$root/$source" -o "$object" ;;
    *) "${CXX:-g++}" -std=c++20 -O3 -ffp-contract=off -Wall -I"$root" '-DKV_NO_CUDA_REASON="built for the host alone"' -c "$root/$source" -o "$object" ;;
    esac
}

build_bare() {
    local sources=(kernels/capture.cpp kernels/host.cpp kernels/step.cpp harness/kernel_checks.cpp reports/kernel_json.cpp model/contract.cpp
        model/units.cpp tools/gpu_test_main.cpp) link=("${CXX:-g++}")
    mapfile -t -O "${#sources[@]}" sources < <(cd "$root" && ls kernels/check/*.cpp)
    rm -rf "$work/objects"
    mkdir -p "$work/objects"
    if [[ $half == gpu ]]; then
        arch=native
        if ! nvidia-smi -L >/dev/null 2>&1; then arch=sm_90; fi
        mapfile -t -O "${#sources[@]}" sources < <(cd "$root" && ls kernels/*.cu)
        link=("$nvcc" "-arch=$arch" -Xcompiler=-pthread)
    else
        sources+=(kernels/device_none.cpp)
    fi
    export -f compile
    export root work nvcc arch
    printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I{} bash -c 'set -e; compile {}' || return 1
    "${link[@]}" "$work"/objects/*.o -o "$work/kvproof_kernel_check" -ldl -lpthread || return 1
    check=("$work/kvproof_kernel_check")
    built="the compilers alone"
}

build_by_cmake() {
    command -v cmake >/dev/null && command -v ninja >/dev/null || return 1
    cmake -S "$root" -B "$work/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Release -DKV_TESTS=ON -DKV_BENCH=OFF ${nvcc:+-DCMAKE_CUDA_COMPILER="$nvcc"} || return 1
    cmake --build "$work/cmake" --target kvproof kvproof_kernels_tests -j "$(nproc)" || return 1
    check=("$work/cmake/cli/kvproof" kernels)
    built=cmake
}

check=() built='' nvcc=$(find_nvcc) arch=''
build() {
    if [[ -n $program ]]; then
        [[ -x $program ]] || stop "--program $program: no such program"
        check=("$program" kernels)
        built="before"
        return
    fi
    if [[ $half == gpu && -z $nvcc ]]; then stop "there is no nvcc to build device code with; --host needs none"; fi
    if [[ $bare == no ]] && build_by_cmake >"$work/cmake.log" 2>&1; then return; fi
    if [[ $bare == no ]]; then say "cmake could not build it (its words are in ${work#"$root"/}/cmake.log); the compilers alone will"; fi
    if ! build_bare >"$work/build.log" 2>&1; then
        tail -n 40 "$work/build.log" >&2
        stop "the build failed"
    fi
}

right=yes
# A JSON value from a file that a program has written whole, or null.
file_or_null() { if [[ -s $1 ]]; then sed 's/[[:space:]]*$//' "$1"; else echo null; fi; }

# run NAME SECONDS ARGUMENTS...: the checks with these; what they wrote is in NAME.json.
run() {
    local name=$1 limit=$2 status=0
    shift 2
    timeout "$limit" "${check[@]}" "$@" --format json --output "$work/$name.json" >"$work/$name.log" 2>&1 || status=$?
    if ((status != 0)); then
        right=no
        say "$name: exit status $status: $(tail -n 1 "$work/$name.log")"
        if ((status == 124)); then say "$name: stopped after $limit s"; fi
    fi
}

unit_tests() {
    local program=$work/cmake/tests/kvproof_kernels_tests status=0
    if [[ $built != cmake ]]; then
        echo '{"result": "skipped", "detail": "they need GoogleTest and rapidcheck; the checks below do not"}'
        return
    fi
    (cd "$root" && timeout 120 "$program") >"$work/unit_tests.log" 2>&1 || status=$?
    printf '{"result": "%s", "detail": %s}\n' "$( ((status == 0)) && echo passed || echo failed)" "$(json_text "$(grep -E '^\[  (PASSED|FAILED)' "$work/unit_tests.log" | head -n 1)")"
}

find_sanitizer() {
    local candidate wheel found
    for candidate in "$(command -v compute-sanitizer || true)" "${nvcc:+$(dirname "$nvcc")/compute-sanitizer}" /usr/local/cuda/bin/compute-sanitizer \
        /usr/local/cuda/compute-sanitizer/compute-sanitizer; do
        if [[ -n $candidate && -x $candidate ]]; then
            echo "$candidate"
            return
        fi
    done
    wheel=$(ls "$root"/tools/nvidia_cuda_sanitizer_api-*.whl 2>/dev/null | tail -n 1)
    if [[ -z $wheel ]]; then return; fi
    rm -rf "$work/sanitizer" && mkdir -p "$work/sanitizer"
    unzip -q "$wheel" -d "$work/sanitizer" 2>/dev/null || python3 -m zipfile -e "$wheel" "$work/sanitizer" || return 0
    found=$(find "$work/sanitizer" -path '*/compute-sanitizer/compute-sanitizer' -type f | head -n 1)
    if [[ -n $found ]]; then
        chmod -R u+x "$(dirname "$found")"
        echo "$found"
    fi
}

# under TOOL ARGUMENTS...: sets `status` and `summary`.
under() {
    local tool=$1
    shift
    status=0
    timeout 75 "$sanitizer" --tool "$tool" --error-exitcode 9 "${check[@]}" "$@" >"$work/$tool.log" 2>&1 || status=$?
    summary=$(grep -E 'ERROR SUMMARY|RACECHECK SUMMARY|Device not supported|Error: ' "$work/$tool.log" | tail -n 1 | sed 's/^=* *//')
    if [[ -z $summary ]]; then summary="exit status $status"; fi
    if ((status == 124)); then summary="stopped after 75 s"; fi
}

# One JSON object a tool, then the write that a tool must see: inside the pool, outside the rows.
sanitize() {
    local tool status summary result separator=''
    for tool in memcheck racecheck initcheck synccheck; do
        under "$tool" --device cuda --cases 60 --no-twins --format json --output "$work/under_$tool.json"
        result=failed
        if ((status == 0)); then result=passed; fi
        if grep -q 'Device not supported' "$work/$tool.log"; then result=skipped; fi
        if [[ $result == failed ]]; then touch "$work/sanitizer_failed"; fi
        say "compute-sanitizer $tool: $result, $summary"
        printf '%s{"tool": "%s", "result": "%s", "detail": %s}' "$separator" "$tool" "$result" "$(json_text "$summary")"
        separator=$',\n    '
    done
    under memcheck --plant
    result=failed
    if ((status == 9)) && grep -q 'Invalid __global__ write' "$work/memcheck.log"; then result=passed; fi
    if grep -q 'Device not supported' "$work/memcheck.log"; then result=skipped; fi
    if [[ $result == failed ]]; then touch "$work/sanitizer_failed"; fi
    say "compute-sanitizer memcheck sees a planted write between the pool's rows: $result, $summary"
    printf ',\n    {"tool": "memcheck on a planted write inside the pool and outside its rows", "result": "%s", "detail": %s}' "$result" "$(json_text "$summary")"
}

sanitizers() {
    local sanitizer
    sanitizer=$(find_sanitizer)
    if [[ -z $sanitizer ]]; then
        printf '{"result": "skipped", "detail": "neither the toolkit nor a wheel beside the script has compute-sanitizer"}'
        say "compute-sanitizer: skipped, neither the toolkit nor a wheel beside the script has it"
        return
    fi
    printf '{"version": %s, "tools": [\n    ' "$(json_text "$("$sanitizer" --version 2>/dev/null | tail -n 1)")"
    sanitize
    printf '\n  ]}'
}

main() {
    local device=cpu sanitizer_json='{"result": "skipped", "detail": "the host half"}' tests_json name
    rm -f "$work/sanitizer_failed"
    build
    say "built by ${built/before/somebody before} ($((SECONDS - began)) s)"
    if [[ $half == gpu ]]; then device=cuda; fi
    tests_json=$(unit_tests)
    if [[ $tests_json == *'"failed"'* ]]; then right=no; fi
    run checks 150 --device "$device" --cases "$cases"
    if [[ ! -s $work/checks.json ]]; then stop "the checks could not run: $(tail -n 1 "$work/checks.log")"; fi
    say "checks: $(grep -c '"result": "passed"' "$work/checks.json" || true) passed, $(grep -c '"result": "failed"' "$work/checks.json" || true) failed, $(grep -c '"result": "skipped"' "$work/checks.json" || true) skipped ($((SECONDS - began)) s)"
    if [[ $half == gpu ]]; then
        run benchmark 150 --device "$device" --cases 1 --bench
        say "benchmark: $(grep -c '"met": false' "$work/benchmark.json" || true) budgets missed ($((SECONDS - began)) s)"
        sanitizer_json=$(sanitizers)
        if [[ -e $work/sanitizer_failed ]]; then right=no; fi
    fi
    name=$(sed -n 's/^  "device": "\(.*\)",$/\1/p' "$work/checks.json")
    if [[ -z $output && $half == gpu ]]; then output=$root/bench/results/$(printf '%s' "$name" | tr 'A-Z' 'a-z' | tr -cs 'a-z0-9' '-' | sed 's/^-//; s/-$//').json; fi
    output=${output:-$root/build/gpu_test/host.json}
    mkdir -p "$(dirname "$output")"
    {
        printf '{\n  "format": 1,\n  "half": "%s",\n  "right": %s,\n' "$half" "$([[ $right == yes ]] && echo true || echo false)"
        printf '  "commit": %s,\n' "$(json_text "$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)")"
        printf '  "built_by": %s,\n' "$(json_text "$built")"
        printf '  "nvcc": %s,\n' "$(json_text "$([[ -n $nvcc ]] && "$nvcc" --version | sed -n 's/^Cuda compilation tools, //p')")"
        printf '  "driver": %s,\n' "$(json_text "$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)")"
        printf '  "seconds": %d,\n' $((SECONDS - began))
        printf '  "unit_tests": %s,\n' "$tests_json"
        printf '  "checks": %s,\n' "$(file_or_null "$work/checks.json")"
        printf '  "benchmark": %s,\n' "$(file_or_null "$work/benchmark.json")"
        printf '  "sanitizer": %s\n}\n' "$sanitizer_json"
    } >"$output.part"
    mv "$output.part" "$output"
    say "the result is in ${output#"$root"/} ($((SECONDS - began)) s)"
    if [[ $right == no ]]; then
        say "not all is right"
        exit 1
    fi
}
main
exit
