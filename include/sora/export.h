#pragma once

/// Marks symbols that libsora exports; all others are hidden.
#define SORA_API __attribute__((visibility("default")))
