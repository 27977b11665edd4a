/* The head of a frame; reading it is trawl_frame_parse() of ipc/channel.h. */
#ifndef TRAWL_IPC_FRAME_H
#define TRAWL_IPC_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define TRAWL_FRAME_HEAD 8u

void trawl__frame_head(uint8_t head[TRAWL_FRAME_HEAD], uint16_t type, uint16_t flags, size_t len);

#endif
