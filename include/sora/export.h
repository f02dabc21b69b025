#pragma once

/// Marks what libsora exports; everything else is hidden.
#define SORA_API __attribute__((visibility("default")))
