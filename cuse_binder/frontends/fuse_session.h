// The one place that includes libfuse's headers, with the version of the API that Debian 12 and 13 both have.
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse3/cuse_lowlevel.h>
#include <fuse3/fuse_lowlevel.h>
