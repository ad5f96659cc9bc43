#include "CxxSimdJSON.h"
