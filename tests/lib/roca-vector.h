/* A modulus of the form that the faulty library of CVE-2017-15361 gave: t * M + 65537^a mod M, M
 * the product of small primes. 2048 bits, in hex. */
#pragma once

/* clang-format off */
#define ROCA_VECTOR \
    "8d28f01f71cdd5fc4cdc98b9865411a56c48ddd6301fb5349d6e576df083a7f0" \
    "de14e45ead647eeefbb5e9f6911703caf6bbd56bd87c7db3f21c713733d10159" \
    "bb7b6106e1ecf89c94deb2231c711d869a011934b13407c477916ec244a02137" \
    "70f7113c20b4b1e8a94f7658ad707ad498ee531336dec0c3a491bea3ae7703cc" \
    "d8605281a5d1f730676e472ca2216290715a6f3566318497a0d4d60d3fb4076f" \
    "600f7e6694ed51f4b4726adcfd19811c6bc0b21d921a462cb082714d8805caa4" \
    "832f7d1ab81fbe42ae1213ce501300acf35a2774e8a27d4709386fcf368f1fe4" \
    "314291c8c41c1f534adb58eeeda0fcbe89f5cecb77833a8f86571f66940c284d"
/* clang-format on */
