// SHA-256 (FIPS 180-4), as sha256sum prints it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kv {

class Sha256 {
public:
    void add(std::string_view bytes);
    std::string hexadecimal() const;  // Of all that was added.

private:
    static constexpr std::size_t block_bytes = 64;

    void mix(const std::array<std::uint8_t, block_bytes>& block);

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::uint8_t, block_bytes> block_{};
    std::uint64_t bytes_ = 0;
};

}  // namespace kv
