// libcurl's option functions are variadic, which Swift cannot call: typed wrappers.
#pragma once
#include <curl/curl.h>
