// What AOSP's headers include for the visibility of symbols. All symbols of this library are visible.
#pragma once

#ifndef LIBBINDER_EXPORTED
#define LIBBINDER_EXPORTED __attribute__((visibility("default")))
#endif
#ifndef LIBBINDER_INTERNAL_EXPORTED
#define LIBBINDER_INTERNAL_EXPORTED __attribute__((visibility("default")))
#endif
#ifndef LIBBINDER_IGNORE
#define LIBBINDER_IGNORE(flag)
#endif
#ifndef LIBBINDER_IGNORE_END
#define LIBBINDER_IGNORE_END()
#endif
