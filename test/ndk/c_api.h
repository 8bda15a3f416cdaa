/* A C program's use of the API, for a C++ test to run. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* 0, or the line that failed. */
int run_c_api(void);

#ifdef __cplusplus
}
#endif
