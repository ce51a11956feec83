# Sourced by ./run and ./test, which set `root` (the tree). Installs what is missing, configures and builds; one line a stage.
set -euo pipefail

packages=(g++ cmake ninja-build ccache pkg-config libboost-dev libboost-iostreams-dev libboost-filesystem-dev librapidcheck-dev
    libgtest-dev libgmock-dev libtomlplusplus-dev libfccp-dev nlohmann-json3-dev libcli11-dev libfmt-dev libbenchmark-dev zlib1g-dev
    libgnuplot-iostream-dev gnuplot-nox libxml2-utils)
logs=$root/build/logs
talk=${talk:-all}  # all: a line for every stage; work: only for what takes time (then ./run's output is kvproof's own)

# Seconds since a time from $EPOCHREALTIME, to a tenth.
seconds_since() {
    local now=${EPOCHREALTIME/[.,]/} then=${1/[.,]/}
    local tenths=$(((now - then) / 100000))
    printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

say() { printf 'kvproof: %s\n' "$*" >&2; }

# stage TEXT LOG COMMAND...: runs the command with its output in a log, tells how long it took, and shows the log's end when it fails.
stage() {
    local text=$1 log=$logs/$2.log start=$EPOCHREALTIME status=0
    shift 2
    mkdir -p "$logs"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if ((status != 0)); then
        say "$text: failed ($(seconds_since "$start")); the end of $log:"
        tail -n 60 "$log" >&2
        exit 2
    fi
    if [[ $talk == all ]]; then say "$text: done ($(seconds_since "$start"))"; fi
}

installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Runs a command as root: as it is for root, else by a sudo that asks nothing.
as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo -n "$@"
    fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}

cannot_install() {
    say "$1; install these as root, then run this again: apt-get install -y ${*:2}"
    exit 2
}

# install PACKAGE...: those that are missing, through apt. Nothing is asked of apt when all are there.
install() {
    local missing=() package start=$EPOCHREALTIME log=$logs/packages.log
    command -v dpkg-query >/dev/null || cannot_install "this system has no dpkg, so what is there cannot be seen" "$@"
    for package in "$@"; do installed "$package" || missing+=("$package"); done
    if ((${#missing[@]} == 0)); then
        if [[ $talk == all ]]; then say "packages: all $# are there ($(seconds_since "$start"))"; fi
        return
    fi
    if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then cannot_install "packages are missing and this user may not install" "${missing[@]}"; fi
    mkdir -p "$logs"
    if [[ -t 2 ]]; then say "packages: installing ${missing[*]}"; fi
    # One source of packages that cannot be reached is no reason to stop: the installation says whether what is needed is there.
    if ! { apt_get update || true; apt_get install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        cannot_install "apt-get could not install what is missing (its words are in $log)" "${missing[@]}"
    fi
    say "packages: ${#missing[@]} installed ($(seconds_since "$start"))"
}

# The newest clang from 16 on that this system has or can have, with its fuzzer's runtime.
install_clang() {
    local version known
    known=$(apt-cache pkgnames clang- 2>/dev/null | sed -n 's/^clang-\([0-9]\+\)$/\1/p' | sort -rn)
    if [[ -z $known ]]; then
        as_root apt-get -q update >/dev/null 2>&1 </dev/null || true
        known=$(apt-cache pkgnames clang- 2>/dev/null | sed -n 's/^clang-\([0-9]\+\)$/\1/p' | sort -rn)
    fi
    for version in $known; do
        if ((version < 16)); then break; fi
        if [[ -n $(apt-cache pkgnames "libclang-rt-$version-dev") ]]; then
            install "clang-$version" "libclang-rt-$version-dev"
            return
        fi
    done
    cannot_install "no clang from 16 on is known to apt" clang-16 libclang-rt-16-dev
}

# All cores, but no more compilers than memory holds: one needs up to 1.5 GiB.
job_count() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable:/ {print int($2 / 1572864)}' /proc/meminfo)
    if [[ -r /sys/fs/cgroup/memory.max ]]; then
        local limit
        limit=$(</sys/fs/cgroup/memory.max)
        if [[ $limit != max ]] && ((limit / 1610612736 < memory)); then memory=$((limit / 1610612736)); fi
    fi
    if ((memory < 1)); then memory=1; fi
    echo $((cores < memory ? cores : memory))
}

# build PRESET [TARGET...]: configures once (ninja does it again when a CMake file changes) and builds.
build() {
    local preset=$1 jobs targets=()
    shift
    if (($# > 0)); then targets=(--target "$@"); fi
    jobs=$(job_count)
    if [[ ! -f $root/build/$preset/build.ninja ]]; then
        stage "$preset: configure" "$preset-configure" cmake -S "$root" --preset "$preset"
    fi
    stage "$preset: build (-j$jobs)" "$preset-build" cmake --build "$root/build/$preset" -j "$jobs" "${targets[@]}"
}

tell_about_cuda() {
    if ! command -v nvcc >/dev/null && [[ ! -x /usr/local/cuda/bin/nvcc ]]; then
        say "nvcc: not found; everything is built without CUDA, and the GPU tests will be skipped"
    fi
}
