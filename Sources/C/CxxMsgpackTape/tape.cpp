#include "CxxMsgpackTape.h"
