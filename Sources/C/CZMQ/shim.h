// libzmq with errno carried out of the call, so that no other call can overwrite it in between.
#pragma once
#include <zmq.h>
