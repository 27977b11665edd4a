import type { RunPlatform } from "@/api/runs";
import { plural } from "@/lib/format";
import { isEnd } from "@/lib/phases";

/**
 * What was not fetched of each platform, and why. No message tells of that, so beside figures that move these would stand still:
 * they are for platforms that are over.
 */
export function notesOn(platforms: RunPlatform[]): Record<string, string> {
  return Object.fromEntries(platforms.map((platform) => [platform.platform, isEnd(platform.phase) ? noteOn(platform) : ""]));
}

function noteOn({ excluded, not_modified: same }: RunPlatform): string {
  return [
    ...(same > 0 ? [`${plural(same, "page")} not modified since last fetched`] : []),
    ...(excluded > 0 ? [`${plural(excluded, "request")} excluded by robots.txt`] : []),
  ].join(", ");
}
