#include "limbic/core/hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <new>
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

std::string digits_of(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  return digits_of(canonical.digest);
}

}  // namespace

std::string xxh3_128(std::string_view bytes) {
  return digits_of(XXH3_128bits(bytes.data(), bytes.size()));
}

uint64_t xxh3_64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

Xxh3Hasher::Xxh3Hasher() : state_(XXH3_createState()) {
  if (XXH3_128bits_reset(state_.get()) != XXH_OK) throw std::bad_alloc();
}

void Xxh3Hasher::add(std::string_view bytes) {
  XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
}

std::string Xxh3Hasher::digits() const { return digits_of(XXH3_128bits_digest(state_.get())); }

void Xxh3Hasher::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw failed("OpenSSL refused to compute a SHA-256");
  }
  return digits_of(std::span(digest).first(size));
}

}  // namespace limbic
