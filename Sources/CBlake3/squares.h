// Squares of words turned around their diagonal, in registers; LANES says how large. Interleaving
// rows by words and then by pairs of words turns every four by four square where it lies; what is
// larger then exchanges such squares as wholes. Included by a level before `lanes.h`.

#if LANES == 4

typedef uint32_t words4 __attribute__((vector_size(16)));

INLINE void transpose_4(words4 r[4]) {
  __m128i low01 = _mm_unpacklo_epi32((__m128i)r[0], (__m128i)r[1]);
  __m128i high01 = _mm_unpackhi_epi32((__m128i)r[0], (__m128i)r[1]);
  __m128i low23 = _mm_unpacklo_epi32((__m128i)r[2], (__m128i)r[3]);
  __m128i high23 = _mm_unpackhi_epi32((__m128i)r[2], (__m128i)r[3]);
  r[0] = (words4)_mm_unpacklo_epi64(low01, low23);
  r[1] = (words4)_mm_unpackhi_epi64(low01, low23);
  r[2] = (words4)_mm_unpacklo_epi64(high01, high23);
  r[3] = (words4)_mm_unpackhi_epi64(high01, high23);
}

#elif LANES == 8

typedef uint32_t words8 __attribute__((vector_size(32)));

INLINE void transpose_8(words8 r[8]) {
  __m256i square[8];
  UNROLL
  for (int i = 0; i < 8; i += 4) {
    __m256i low01 = _mm256_unpacklo_epi32((__m256i)r[i], (__m256i)r[i + 1]);
    __m256i high01 = _mm256_unpackhi_epi32((__m256i)r[i], (__m256i)r[i + 1]);
    __m256i low23 = _mm256_unpacklo_epi32((__m256i)r[i + 2], (__m256i)r[i + 3]);
    __m256i high23 = _mm256_unpackhi_epi32((__m256i)r[i + 2], (__m256i)r[i + 3]);
    square[i] = _mm256_unpacklo_epi64(low01, low23);
    square[i + 1] = _mm256_unpackhi_epi64(low01, low23);
    square[i + 2] = _mm256_unpacklo_epi64(high01, high23);
    square[i + 3] = _mm256_unpackhi_epi64(high01, high23);
  }
  UNROLL
  for (int i = 0; i < 4; i++) {
    r[i] = (words8)_mm256_permute2x128_si256(square[i], square[i + 4], 0x20);
    r[i + 4] = (words8)_mm256_permute2x128_si256(square[i], square[i + 4], 0x31);
  }
}

#elif LANES == 16

typedef uint32_t words16 __attribute__((vector_size(64)));

INLINE void transpose_16(words16 r[16]) {
  __m512i square[16];
  UNROLL
  for (int i = 0; i < 16; i += 4) {
    __m512i low01 = _mm512_unpacklo_epi32((__m512i)r[i], (__m512i)r[i + 1]);
    __m512i high01 = _mm512_unpackhi_epi32((__m512i)r[i], (__m512i)r[i + 1]);
    __m512i low23 = _mm512_unpacklo_epi32((__m512i)r[i + 2], (__m512i)r[i + 3]);
    __m512i high23 = _mm512_unpackhi_epi32((__m512i)r[i + 2], (__m512i)r[i + 3]);
    square[i] = _mm512_unpacklo_epi64(low01, low23);
    square[i + 1] = _mm512_unpackhi_epi64(low01, low23);
    square[i + 2] = _mm512_unpacklo_epi64(high01, high23);
    square[i + 3] = _mm512_unpackhi_epi64(high01, high23);
  }
  // Each vector is four squares' rows, side by side. Even and odd ones are parted twice.
  UNROLL
  for (int i = 0; i < 4; i++) {
    __m512i even0 = _mm512_shuffle_i32x4(square[i], square[i + 4], 0x88);
    __m512i odd0 = _mm512_shuffle_i32x4(square[i], square[i + 4], 0xDD);
    __m512i even1 = _mm512_shuffle_i32x4(square[i + 8], square[i + 12], 0x88);
    __m512i odd1 = _mm512_shuffle_i32x4(square[i + 8], square[i + 12], 0xDD);
    r[i] = (words16)_mm512_shuffle_i32x4(even0, even1, 0x88);
    r[i + 4] = (words16)_mm512_shuffle_i32x4(odd0, odd1, 0x88);
    r[i + 8] = (words16)_mm512_shuffle_i32x4(even0, even1, 0xDD);
    r[i + 12] = (words16)_mm512_shuffle_i32x4(odd0, odd1, 0xDD);
  }
}

#endif
