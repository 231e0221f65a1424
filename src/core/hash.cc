#include "limbic/core/hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <span>

#include "limbic/core/error.h"
#include "limbic/core/text.h"

namespace limbic {
namespace {

std::string digits_of(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += hex(byte);
  return text;
}

}  // namespace

std::string xxh3_128(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return digits_of(canonical.digest);
}

uint64_t xxh3_64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw failed("OpenSSL refused to compute a SHA-256");
  }
  return digits_of(std::span(digest).first(size));
}

}  // namespace limbic
