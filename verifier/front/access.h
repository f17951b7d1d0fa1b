/* What may be asked on which kind of connection: one table. Protocol page, Transport. */
#pragma once

#include "front/front.h"

/* The resource of a path given as its segments joined by '/', or FRONT_RESOURCE_N. */
enum front_resource access_resource(struct bytes path);

/* 0 when allowed, else the code to refuse with: 4.04 no such resource, 4.05 no such method there,
 * 4.03 not on this kind of connection. method is the request's code byte. */
uint8_t access_check(enum front_kind kind, enum front_resource resource, uint8_t method);

/* Largest body that the resource takes; 0 where none is taken. */
size_t access_body_max(enum front_resource resource);
