// CRC-32C (Castagnoli) by the instruction that x86-64 processors have for it.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has the instructions; without them, only this function may be called.
int ccrc32c_is_present(void);
/// Takes more bytes into the register of a CRC, which neither begins nor ends inverted here.
uint32_t ccrc32c_update(uint32_t crc, const void *bytes, size_t count);
