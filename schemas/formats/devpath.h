/* EFI device paths, as far as a person wants to see them. UEFI 2.10 section 10. */
#pragma once

#include "formats/say.h"

/* Says the path: "PciRoot/Pci(1f,2)/Sata/HD(1)/EFI/BOOT/BOOTX64.EFI"; nodes that we do not know as
 * "4.9". At most LIMIT_DEVPATH_NODES nodes; "(broken)" takes the place of what has no right form.
 * A hint only: no digest vouches for the path of an image. */
void devpath_say(struct say *say, struct bytes in);
