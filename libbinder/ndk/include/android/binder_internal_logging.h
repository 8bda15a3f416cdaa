// syslog() for these headers, which can be used where no other log is.
#pragma once

// liblog has a macro of this name with another meaning.
#pragma push_macro("LOG_PRI")
#ifdef LOG_PRI
#undef LOG_PRI
#endif
#include <syslog.h>
#pragma pop_macro("LOG_PRI")
