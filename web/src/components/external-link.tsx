import { IconExternalLink } from "@tabler/icons-react";
import { safeUrl } from "@/lib/item-summary";

/** A page of a site that was scraped. The site is not told where its visitor comes from. */
export function ExternalLink({ url, label = url }: { url: string; label?: string }) {
  const href = safeUrl(url);
  if (href === null) return <span style={{ overflowWrap: "anywhere" }}>{label}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" style={{ overflowWrap: "anywhere" }}>
      {label}
      <IconExternalLink size={13} aria-label="opens a new tab" style={{ marginLeft: 4, verticalAlign: "-2px" }} />
    </a>
  );
}
