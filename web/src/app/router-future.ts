/** What React Router's next major version does anyway; pages then stay until the next one has been loaded. */
export const ROUTER_FUTURE = { v7_startTransition: true, v7_relativeSplatPath: true } as const;
