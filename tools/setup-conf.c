/* The configuration files of `assay setup`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "main/settings.h"
#include "setup-files.h"

static int
take_stream(struct setup *setup, const char *name, FILE *file, char **text, size_t *len)
{
    int r = fclose(file) == 0 && *text
                ? setup_file(setup, setup->dir, name, 0644, bytes_of(*text, *len))
                : setup_fail(setup, -ENOMEM, name, "no memory");

    free(*text);
    return r;
}

static int
verifier_conf(struct setup *setup)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    if (!file) {
        return setup_fail(setup, -ENOMEM, "verifier.conf", "no memory");
    }
    fprintf(file,
            "# Configuration of assay-verifier. `assay-verifier --check` judges it,\n"
            "# `assay-verifier --print-config` explains every setting.\n\n"
            "[site]\n# part of every device's identity: never change it\nid = %s\n"
            "# what tokens name as their issuer\nissuer = %s\n\n"
            "[listen]\n#address = 0.0.0.0, ::\nport = %ld\n#workers = 2\n\n"
            "[keys]\ndirectory = %s\n\n[public]\ndirectory = %s/public\n\n"
            "[store]\npath = %s%s/verifier.db\n\n[control]\nsocket = %s/control.sock\n"
            "#group = assay-admin\n\n[ek]\nroots = %s\n",
            setup->site, setup->issuer, setup->port, setup->keys, setup->state, setup->state,
            setup->user ? "/store" : "", setup->run, setup->roots);
    if (setup->user) {
        /* a folder of its own: the user of the roles may not move main's files beside it */
        fprintf(file, "\n[run]\nuser = %s\n", setup->user);
    }
    return take_stream(setup, "verifier.conf", file, &text, &len);
}

static int
attestor_conf(struct setup *setup)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    if (!file) {
        return setup_fail(setup, -ENOMEM, "attestor.conf", "no memory");
    }
    fprintf(file,
            "# An example for devices of this site: /etc/assay/attestor.conf there. Copy\n"
            "# %s/ca.pem to the path that ca names.\n\n"
            "[verifier]\nservers = ",
            setup->keys);
    for (size_t i = 0; i < setup->n_names; i++) {
        bool v6 = strchr(setup->names[i], ':') != NULL;

        fprintf(file, "%scoaps://%s%s%s:%ld", i ? ", " : "", v6 ? "[" : "", setup->names[i],
                v6 ? "]" : "", setup->port);
    }
    fprintf(file, "\nca = /etc/assay/ca.pem\nsite = %s\n", setup->site);
    return take_stream(setup, "attestor.conf", file, &text, &len);
}

int
setup_confs(struct setup *setup)
{
    static const char readme[] =
        "Certificates of TPM makers (roots and intermediates), one or more a file, PEM or DER, as\n"
        "*.pem, *.crt, *.cer or *.der. A device whose EK certificate chains to one of them is "
        "known\n"
        "to have a genuine TPM; which classes of devices demand that is their policy's word. Get\n"
        "them from the makers and compare their fingerprints; nothing is fetched from here.\n";
    int r = verifier_conf(setup);

    r = r == 0 ? attestor_conf(setup) : r;
    return r == 0 ? setup_file(setup, setup->roots, "README", 0644, bytes_str(readme)) : r;
}
