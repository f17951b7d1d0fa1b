/* assay-verifier, with all its roles. */
#include "keeper/serve.h"
#include "main/verifier.h"
#include "reader/reader.h"
#include "serve/front-role.h"

int
main(int argc, char **argv)
{
    static const struct role_serve roles = {
        {[ROLE_FRONT] = front_role_serve,
         [ROLE_STREAM] = stream_role_serve,
         [ROLE_KEEPER] = keeper_serve,
         [ROLE_READER] = reader_serve},
    };

    return verifier_main(argc, argv, &roles);
}
