import { Button } from "@mantine/core";
import { Component, type ErrorInfo, type ReactNode } from "react";
import { ProblemAlert } from "./problem-alert";

interface Props {
  /** Another value is another page, which gets its chance. */
  page: string;
  what?: string;
  children: ReactNode;
}

interface State {
  error: unknown;
  page: string;
}

/** A page, or a part of one, that breaks leaves the rest standing, and says so. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, page: this.props.page };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.page === state.page ? null : { error: null, page: props.page };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    console.error("A part of the page failed", error, info.componentStack);
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <ProblemAlert error={error} what={this.props.what ?? "This page could not be shown"} onRetry={() => { this.setState({ error: null }); }}>
        <p style={{ margin: "6px 0 0" }}>
          It may be of an older version than the server.{" "}
          <Button size="compact-xs" variant="default" onClick={() => { window.location.reload(); }}>
            Load it anew
          </Button>
        </p>
      </ProblemAlert>
    );
  }
}
